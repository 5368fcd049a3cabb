"""EngageLab: WhatsApp through a reseller of Meta's."""
