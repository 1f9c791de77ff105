"""What networks are made of, each by itself: addresses, the DNS protocol, the UDP relay."""

import asyncio
import socket

import pytest

from insidedocker_engine.base import errors
from insidedocker_engine.networks import addresses, dns
from insidedocker_engine.networks.port_proxy import UDPRelay


def test_a_pool_gives_its_first_free_address() -> None:
    config = {
        "Subnet": "10.0.0.0/29",
        "Gateway": "10.0.0.1",
        "AuxiliaryAddresses": {"other": "10.0.0.3"},
    }
    pool = addresses.Pool(config)
    assert [pool.take() for _ in range(4)] == ["10.0.0.2", "10.0.0.4", "10.0.0.5", "10.0.0.6"]
    with pytest.raises(addresses.Exhausted):
        pool.take()
    pool.release("10.0.0.5")
    assert pool.take() == "10.0.0.5"


def test_a_pool_gives_from_its_range_but_fixed_ones_from_all() -> None:
    pool = addresses.Pool(
        {"Subnet": "10.0.0.0/16", "IPRange": "10.0.5.0/30", "Gateway": "10.0.5.0"}
    )
    assert pool.take() == "10.0.5.1"
    assert pool.take("10.0.9.9") == "10.0.9.9"
    for wanted in ("10.0.9.9", "10.0.5.0", "10.0.0.0", "10.0.255.255"):
        with pytest.raises(errors.Forbidden):
            pool.take(wanted)
    with pytest.raises(errors.BadRequest):
        pool.take("10.1.0.1")


def test_subnets_come_in_docker_s_order_until_all_are_taken() -> None:
    taken: list[addresses.Subnet] = []
    for _ in range(31):
        taken.append(addresses.choose_subnet(4, taken, isolated=True))
    assert [str(each) for each in (*taken[:2], *taken[14:16], taken[-1])] == [
        "172.17.0.0/16",
        "172.18.0.0/16",
        "172.31.0.0/16",
        "192.168.0.0/20",
        "192.168.240.0/20",
    ]
    with pytest.raises(errors.NotFound):
        addresses.choose_subnet(4, taken, isolated=True)
    assert addresses.choose_subnet(6, taken, isolated=True).is_private


def test_a_mac_address_follows_the_address() -> None:
    assert addresses.mac_of("172.17.0.2") == "02:42:ac:11:00:02"


def asked(name: bytes, kind: int = dns.A) -> bytes:
    return b"\x12\x34\x01\x00\0\1\0\0\0\0\0\0" + name + kind.to_bytes(2, "big") + b"\0\1"


def test_a_question_is_read_and_answered() -> None:
    question = dns.read(asked(b"\3web\3lan\0"))
    assert (question.name, question.kind, question.standard) == ("web.lan", dns.A, True)
    answer = dns.answer(question, [dns.address("10.0.0.2"), dns.address("10.0.0.3")], dns.A)
    assert answer[:2] == b"\x12\x34"
    assert answer[2] & 0x80  # an answer
    assert answer[3] & 0x0F == 0  # without a fault
    assert answer[6:8] == b"\0\2"
    assert answer.endswith(b"\0\4\x0a\0\0\3")
    refused = dns.refuse(question, dns.SERVER_FAILURE)
    assert refused[3] & 0x0F == dns.SERVER_FAILURE


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\0" * 11,
        asked(b"\3we"),
        asked(b"\x40" + b"a" * 64 + b"\0"),
        asked(b"\xc0\x0c"),
        b"\x12\x34\x81\x80" + asked(b"\3web\0")[4:],  # an answer
        asked(b"\3web\0")[:-3],
    ],
)
def test_what_is_no_question_is_malformed(message: bytes) -> None:
    with pytest.raises(dns.Malformed):
        dns.read(message)


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("2.0.17.172.in-addr.arpa", "172.17.0.2"),
        ("1." + "0." * 30 + "f.ip6.arpa", "f000::1"),
        ("2.0.17.in-addr.arpa", ""),
        ("x.in-addr.arpa", ""),
        ("web", ""),
    ],
)
def test_reversed_addresses(name: str, address: str) -> None:
    assert dns.reversed_address(name) == address


def test_udp_is_relayed_with_answers_to_each_sender() -> None:
    async def talk() -> list[bytes]:
        loop = asyncio.get_running_loop()
        server, listener = bound(), bound()

        async def echo() -> None:
            while True:
                data, sender = await loop.sock_recvfrom(server, 100)
                await loop.sock_sendto(server, data.upper(), sender)

        async def opener(kind: int) -> socket.socket:
            made = socket.socket(socket.AF_INET, kind)
            made.setblocking(False)
            return made

        relay = UDPRelay(listener, server.getsockname(), opener)
        await relay.start()
        echoing = asyncio.ensure_future(echo())
        clients = [bound() for _ in range(3)]
        for number, client in enumerate(clients):
            client.connect(relay.listener.getsockname())
            await loop.sock_sendall(client, b"first %d" % number)
            await loop.sock_sendall(client, b"second %d" % number)
        heard = [await asyncio.wait_for(loop.sock_recv(each, 100), 5) for each in clients * 2]
        echoing.cancel()
        relay.close()
        for each in (server, *clients):
            each.close()
        return heard

    wanted = [b"%s %d" % (word, number) for word in (b"FIRST", b"SECOND") for number in range(3)]
    assert asyncio.run(talk()) == wanted


def bound() -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setblocking(False)
    made.bind(("127.0.0.1", 0))
    return made
