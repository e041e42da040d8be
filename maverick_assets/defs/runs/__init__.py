"""How runs start, end and are followed: jobs, schedules, sensors, locks, log lines."""
