"""Sources of records beside the CRM's database: HubSpot, calendars, folders of documents."""
