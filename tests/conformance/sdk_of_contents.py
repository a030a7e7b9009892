"""Uses a CDF's files, sequences, raw tables and extraction pipelines through an official Python SDK, in its environment.

Writes down what it saw.
"""

from tests.conformance.sdk_sections import run

if __name__ == "__main__":
    run("raw")
