"""The session on asyncio: connections, calls, streams, subscriptions, serving."""
