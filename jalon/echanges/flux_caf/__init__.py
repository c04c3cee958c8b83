"""Le flux mensuel et quotidien des bénéficiaires du RSA (VRSB0801), émis par les CAF et les MSA."""
