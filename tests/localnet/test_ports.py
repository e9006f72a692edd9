"""Blocks of ports: never the same one twice, whoever else is looking for one."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest
from gdx_localnet.ports import hold_block

HOST = "127.0.0.1"
HOLD = """
import sys
from gdx_localnet.ports import hold_block
blocks = [hold_block("127.0.0.1", 34) for _ in range(5)]
print(*(block.first for block in blocks), flush=True)
sys.stdin.read()
"""


def test_processes_that_choose_at_once_choose_different_ports() -> None:
    holders = [
        subprocess.Popen(
            [sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    try:
        chosen = [int(first) for holder in holders for first in holder.stdout.readline().split()]
    finally:
        for holder in holders:
            holder.communicate("")
    ports = [port for first in chosen for port in range(first, first + 34)]
    assert len(chosen) == 15
    assert len(set(ports)) == len(ports)


def test_a_block_is_given_back() -> None:
    held = hold_block(HOST, 3)
    other = hold_block(HOST, 3)
    assert other.first >= held.first + 4
    first = held.first
    held.close()
    other.close()
    again = hold_block(HOST, 3)
    assert again.first <= first
    again.close()


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_a_block_with_a_port_in_use_is_passed_over(kind: int) -> None:
    held = hold_block(HOST, 3)
    held.close()
    with socket.socket(socket.AF_INET, kind) as stranger:
        stranger.bind((HOST, held.first + 1))
        assert not held.is_free()
        block = hold_block(HOST, 3)
        assert held.first + 1 not in range(block.first, block.first + 3)
        block.close()


def test_ports_to_avoid_are_avoided() -> None:
    held = hold_block(HOST, 3)
    held.close()
    block = hold_block(HOST, 3, avoid=(held.first + 2,))
    assert held.first + 2 not in range(block.first - 1, block.first + 3)
    block.close()
