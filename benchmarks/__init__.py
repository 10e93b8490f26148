"""Speed, always as ratios against what one would otherwise run, measured in the same process or minute."""
