# shows: both forms of CMD start the program itself
# told: The text form of CMD starts a shell
dockerfile = """\
FROM python:3-slim
COPY words.txt /app/
COPY app.py /app/
EXPOSE 8000
CMD python3 /app/app.py
"""
