"""Versions of the code of each stage.

A stage's number is raised when its code makes something else from the same inputs. Dagster then
shows its assets as stale; DATA and TRAINING are also stored with the results, so that tables are
derived again and personalities trained again.
"""

RAW = "1"
BASE_MODEL = "1"
DATA = "7"  # part of the cache key of mails, turns and candidates
TRAINING = "1"  # part of every training's fingerprint
EVALUATION = "1"
RELEASE = "1"
REPORTS = "1"
PRODUCTION = "1"
