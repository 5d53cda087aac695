"""The way of a message, a step a verb.

::

    validate -> route -> guard -> (claim) -> send -> (record)       a request becomes a text
                                        \\-> wait: schedule, queue -> route -> guard -> send
    receive: a provider's receipt -> (record)                       what became of it
    announce: (the journal's stream) -> events, webhooks            who is told
    recipients: search, erase, opt-outs                             what a person may ask for

``flow`` knows the order; ``ports`` is all that the steps need of the world.
"""
