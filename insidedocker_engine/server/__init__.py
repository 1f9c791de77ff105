"""HTTP server on sockets: requests, answers and streams. It knows neither Docker nor its API.

http        HTTP/1.1 connections, requests and answers
listen      addresses: parsed, bound and removed
websocket   WebSocket over a hijacked connection
jobs        blocking work in a thread, answered as a stream
faults      delays, failures and a full disk on request
"""
