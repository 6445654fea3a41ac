"""What a person does with a workspace, one verb a file."""
