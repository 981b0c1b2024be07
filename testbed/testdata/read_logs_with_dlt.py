"""Reads GET /logs with dlt's REST source and offset paginator.

Writes the message of each record on a line of its own, in the order in which they come.
"""

import os

from dlt.sources.rest_api import rest_api_source

source = rest_api_source(
    {
        "client": {
            "base_url": os.environ["DOCKET_URL"],
            "auth": {"type": "bearer", "token": os.environ["DOCKET_KEY"]},
            "paginator": {
                "type": "offset",
                "limit": int(os.environ["DOCKET_PAGE"]),
                "offset_param": "offset",
                "limit_param": "limit",
                "total_path": "data.pagination.total",
            },
        },
        "resources": [
            {
                "name": "logs",
                "endpoint": {
                    "path": "logs",
                    "params": {"startDate": os.environ["DOCKET_START"], "endDate": os.environ["DOCKET_END"]},
                    "data_selector": "data.logs",
                },
            }
        ],
    }
)

for record in source.resources["logs"]:
    print(record["message"], flush=True)
