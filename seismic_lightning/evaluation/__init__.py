"""Is it an earthquake? Measures of generated records, each beside what trivial guesses and real records reach."""
