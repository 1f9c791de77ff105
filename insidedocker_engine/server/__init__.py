"""HTTP at sockets: requests, answers and streams of them, knowing neither Docker nor its API."""
