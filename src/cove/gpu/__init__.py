"""GPUs: what is there, what is free, how an engine gives them to a container."""
