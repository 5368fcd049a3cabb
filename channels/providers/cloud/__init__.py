"""WhatsApp Cloud API: Meta itself, without anybody in between."""
