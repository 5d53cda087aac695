"""The functions of the built layer where others run them: another AWS, other versions of botocore and of Python."""
