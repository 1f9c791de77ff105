# shows: the order and number of steps do not matter
# told: with app.py in it(?s:.*)Which files does each step
dockerfile = """\
FROM python:3-slim
COPY . /app/
EXPOSE 8000
CMD ["python3", "/app/app.py"]
"""
