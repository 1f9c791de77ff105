# shows: the cache looks at each step by itself
# told: app.py is not in it(?s:.*)After the first step that changed
dockerfile = """\
FROM python:3-slim
COPY app.py /app/
COPY words.txt /app/
EXPOSE 8000
CMD ["python3", "/app/app.py"]
"""
