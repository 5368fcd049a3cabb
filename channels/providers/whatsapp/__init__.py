"""What Meta's own API and those who resell it have in common: the objects of WhatsApp."""
