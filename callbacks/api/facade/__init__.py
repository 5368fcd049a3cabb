"""Callbacks under the names of Genesys Cloud's API, for clients that were written for that.

A thin skin: what is asked for is translated, done by the same services as everything else, and
told in the words of that API. There every callback is a conversation of its own, so that
`conversationId` is the id of the callback.
"""
