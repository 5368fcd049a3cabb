"""`python -m tests.fake_twilio --port 8089`: the stand-in as a process of its own."""

import argparse
import sys

from tests.fake_twilio.server import RunningFake


def main() -> None:
    parser = argparse.ArgumentParser(description="A stand-in for Twilio's Messages API.")
    parser.add_argument("--port", type=int, default=8089)
    parser.add_argument(
        "--story",
        default="sent,delivered,read",
        help="reports that follow each message; may be empty",
    )
    parser.add_argument("--step-s", type=float, default=1.0, help="seconds between reports")
    parser.add_argument(
        "--reach", default="", help="connect here for reports, for example http://127.0.0.1:8000"
    )
    options = parser.parse_args()
    fake = RunningFake(port=options.port)
    fake.store.story = tuple(filter(None, options.story.split(",")))
    fake.store.step_s = options.step_s
    fake.store.reach = options.reach
    sys.stdout.write(f"Twilio's stand-in answers on {fake.url}\n")
    sys.stdout.flush()
    try:
        fake.serve_forever()
    except KeyboardInterrupt:
        fake.reporter.close()


if __name__ == "__main__":
    main()
