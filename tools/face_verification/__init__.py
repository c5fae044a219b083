"""What makes the files of the chapter on face verification."""
