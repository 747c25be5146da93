"""numba loops over plain arrays; nobody else imports numba, and only what compiles does here."""
