"""What every app stands on. No tables here; a thing moves in when two apps use it."""
