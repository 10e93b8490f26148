"""Is it an earthquake? Measures of generated records, beside those of trivial guesses and of real records."""
