"""What events are compared by: a sparse tf-idf row of terms and topics, and an embedding in the word space."""
