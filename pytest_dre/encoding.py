"""Text that files and databases take."""


def encodable(text: str) -> str:
    r"""Return `text` with lone surrogates, which UTF-8 cannot hold, written as `\udc80`."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")
