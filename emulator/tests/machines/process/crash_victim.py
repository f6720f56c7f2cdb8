"""A program that owns a state folder, runs one machine, and waits to be killed; see test_leftovers.py."""

import sys
import time
from pathlib import Path

from emulator.machines.process import ProcessMachines
from emulator.tests.machines.stand_ins import Facts, instance

if __name__ == "__main__":
    machines = ProcessMachines(state_dir=Path(sys.argv[1]), api_url="http://127.0.0.1:1", facts=Facts())
    machines.launch(instance(user_data=Path(sys.argv[2]).read_bytes()))
    print("running", flush=True)
    time.sleep(600)
