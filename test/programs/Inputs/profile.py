"""What a profile holds, in a few lines: each event lies in time, and none covers another of its thread."""
import json
import sys

with open(sys.argv[1]) as file:
    events = json.load(file)
print("threads", len({event["tid"] for event in events}))
end = {}
for event in events:
    assert event["ph"] == "X" and event["dur"] >= 0, event
    assert event["ts"] >= end.get(event["tid"], 0) - 0.002, event
    end[event["tid"]] = event["ts"] + event["dur"]
    print(f"{event['cat']}: {event['name']} {event['args']['does']}")
