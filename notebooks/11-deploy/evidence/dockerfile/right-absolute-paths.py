HEALTH = "HEALTHCHECK --interval=1s CMD true\n"
dockerfile = (
    "FROM python:3-slim\nEXPOSE 8000/tcp\n"
    + HEALTH
    + 'CMD ["python3", "/app/app.py"]\nCOPY words.txt /app/words.txt\nCOPY app.py /app/app.py\n'
)
