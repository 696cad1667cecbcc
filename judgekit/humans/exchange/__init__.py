"""Other tools' files of labels, in and out."""
