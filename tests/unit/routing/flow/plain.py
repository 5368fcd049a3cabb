"""A slow and obvious interpreter of flows, straight from a document: for tests alone.

It knows messages, questions for a number, conditions on the last text, delays, tags, teams, jumps
and ends; it says what was sent, which steps were done, and how it came out.
"""

LIMIT = 100


def play(document, texts):  # noqa: C901, PLR0912, PLR0915 - obvious is the point
    """Play a flow: it begins with the first text, and each later one is written or (None) time.

    Returns (said, steps, tags, answers, outcome, team); the outcome is waiting or how it ended.
    """
    steps = document["steps"]
    names = [step["name"] for step in steps]
    said, done, tags, answers = [], [], [], {}
    team, text, place, attempts, count = None, texts[0], 0, 0, 0
    rest = list(texts[1:])

    def following(step, key="next"):
        if step.get(key):
            return names.index(step[key])
        return names.index(step["name"]) + 1

    while place < len(steps):
        step = steps[place]
        count += 1
        if count > LIMIT:
            return said, done, tags, answers, "failed", team
        done.append(step["name"])
        kind = step["kind"]
        if kind == "message":
            said.append(step["text"])
            place = following(step)
        elif kind == "go_to":
            place = following(step)
        elif kind == "end":
            return said, done, tags, answers, "completed", team
        elif kind == "team":
            new = step.get("conversation_tags", [])
            if new:
                tags = [*dict.fromkeys([*tags, *new])] if step["tags_mode"] == "add" else new
            team = step["team"]
            place = following(step)
        elif kind == "condition":
            key = None
            for path in step["paths"]:
                if path["conditions"][0]["value"] in text:
                    key = path.get("next", "")
                    break
            if key is None:
                key = step.get("otherwise", "")
            place = names.index(key) if key else place + 1
        elif kind == "delay":
            while rest and rest[0] is not None:
                text = rest.pop(0)
            if not rest:
                return said, done, tags, answers, "waiting", team
            rest.pop(0)
            count = 0
            place = following(step)
        elif kind == "question":
            attempts = 0
            said.append(step["text"])
            while True:
                if not rest:
                    return said, done, tags, answers, "waiting", team
                heard = rest.pop(0)
                count = 0
                if heard is None:
                    if not step.get("on_timeout"):
                        return said, done, tags, answers, "expired", team
                    place = names.index(step["on_timeout"])
                    break
                text = heard
                if heard.isdigit():
                    answers[step["answer_as"]] = heard
                    place = following(step)
                    break
                attempts += 1
                if attempts >= step["attempts"]:
                    if not step.get("on_failed"):
                        return said, done, tags, answers, "failed", team
                    place = names.index(step["on_failed"])
                    break
                said.append(step["text"])
    return said, done, tags, answers, "completed", team
