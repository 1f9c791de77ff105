# shows: the order and number of steps do not matter
# told: Give words.txt a COPY of its own
dockerfile = """\
FROM python:3-slim
COPY . /app/
EXPOSE 8000
CMD ["python3", "/app/app.py"]
"""
