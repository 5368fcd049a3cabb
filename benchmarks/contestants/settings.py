"""The settings of the house, with the addresses of one contestant."""

import os

from config.settings import *  # noqa: F403

ROOT_URLCONF = os.environ["BENCHMARK_URLS"]
