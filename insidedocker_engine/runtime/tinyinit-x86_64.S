/* The first program of a container under PRoot, see tinyinit.py.
   Its arguments: its own name, a file to execute, and that program's own arguments.
   At descriptor 3 it tells numbers of 4 bytes: its child's process id, then how the child ended
   (a wait status); a negative one is the error that executing the file gave. */
    .globl _start
_start:
    mov %rsp, %rbp
    mov $57, %eax               # fork()
    syscall
    test %eax, %eax
    jz child
    mov %eax, %ebx
    push $-1                    # rt_sigprocmask(SIG_BLOCK, all of them, 0, 8)
    mov $14, %eax
    xor %edi, %edi
    mov %rsp, %rsi
    xor %edx, %edx
    mov $8, %r10d
    syscall
    push %rbx
    call tell
wait:
    mov $61, %eax               # wait4(-1, rsp, 0, 0)
    or $-1, %edi
    mov %rsp, %rsi
    xor %edx, %edx
    xor %r10d, %r10d
    syscall
    cmp %ebx, %eax
    jne wait
    call tell
    xor %edi, %edi
    jmp exit
tell:                           # write(3, the number on top of the stack, 4)
    mov $1, %eax
    mov $3, %edi
    lea 8(%rsp), %rsi
    mov $4, %edx
    syscall
    ret
child:
    mov $72, %eax               # fcntl(3, F_SETFD, FD_CLOEXEC)
    mov $3, %edi
    mov $2, %esi
    mov $1, %edx
    syscall
    mov 16(%rbp), %rdi          # execve(argv[1], &argv[2], environment)
    lea 24(%rbp), %rsi
    mov (%rbp), %rdx
    lea 16(%rbp,%rdx,8), %rdx
    mov $59, %eax
    syscall
    push %rax                   # the negative error number
    call tell
    mov $127, %edi
exit:
    mov $231, %eax              # exit_group(edi)
    syscall
