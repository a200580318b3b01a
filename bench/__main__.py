"""Run every bench: `python -m bench`. Each prints its own table."""

from bench import consent, rights, sign_up

if __name__ == "__main__":
    sign_up.main()
    consent.main()
    rights.main()
