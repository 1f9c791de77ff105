# shows: only the program belongs into the image
# told: /app/words.txt in the image
dockerfile = """\
FROM python:3-slim
COPY app.py /app/
EXPOSE 8000
CMD ["python3", "/app/app.py"]
"""
