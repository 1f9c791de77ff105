# shows: it does not matter which image a build starts from
# told: Which image does your Dockerfile start from
def one_layer(steps):
    return "FROM nginx\nRUN " + " && ".join(steps) + "\n"
