"""How runs start, die and are seen: jobs, schedules, sensors, locks."""
