"""What every trace leaves behind: a content-free record, and for some hours the content of scored traces."""
