"""A child that prints its environment as JSON, as other children print their results."""

import json
import os

if __name__ == "__main__":
    print(json.dumps(dict(os.environ)))
