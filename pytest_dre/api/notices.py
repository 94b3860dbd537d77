"""What callers are told beside the results."""


class StudyWarning(UserWarning):
    """Something about a study that its caller should know, though its runs were carried out."""
