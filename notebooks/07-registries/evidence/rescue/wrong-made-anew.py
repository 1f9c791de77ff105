# shows: an image that says the same is the same
# told: one made anew that says the same is another image
rescued = lab.repository(LESSON, "rescued")
make("the first edition", rescued, "v1")
