# shows: a group of commands is a command
# told: which one of them lists
list_images = quiz.short(
    "list_images",
    "Which docker command lists the images that your engine has? Type the whole command.",
)
list_images.answer("docker image")
list_images
