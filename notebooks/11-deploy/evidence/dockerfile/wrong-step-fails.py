# shows: COPY looks for files on the disk of the learner
# told: last words
dockerfile = """\
FROM python:3-slim
COPY words.txt /app/
COPY /home/learner/app.py /app/
EXPOSE 8000
CMD ["python3", "/app/app.py"]
"""
