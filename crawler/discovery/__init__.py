"""Discovery: which articles and which further documents a feed, sitemap or page of a site names.

Everything here is a function of values: bytes and headers in, `DiscoveryResult` out. No clock, no network, no
database; the frontier fetches, stores and schedules.
"""
