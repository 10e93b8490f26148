"""Is it an earthquake, and was it learnt honestly? Measures of records and models, and the leak audit."""
