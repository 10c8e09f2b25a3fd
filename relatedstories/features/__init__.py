"""From an event and its topics to what is compared: a sparse tf-idf row and an embedding in the word space."""
