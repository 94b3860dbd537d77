"""What results say about a study's outcomes."""
