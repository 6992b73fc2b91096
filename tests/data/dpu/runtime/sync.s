; Synchronisation, heap, counter and print buffer in the shape of a vendor run-time library, as
; compiled code calls them: arguments in r0 and r1, result in r0, return address r23; r0 to r7 are
; free to change. Locks: 0 heap, 1 print, 2 handshake; others by the caller.
        .text
        .globl mutex_lock, mutex_unlock, barrier_wait, sem_take, sem_give
        .globl handshake_wait_for, handshake_notify, mem_alloc, mem_reset
        .globl perfcounter_config, perfcounter_get, print_line
mutex_lock:                             ; r0 = address of an atomic bit
        acquire r0, 0, nz, mutex_lock
        jump  r23
mutex_unlock:
        release r0, 0, nz, 1f
1:      jump  r23

; Waiting tasklets stand in a ring: the structure at r0 (bytes: last in the ring or 255, count,
; initial count, lock) names the last one, the table each one's next. Enters this tasklet.
; Return address r7; changes r2 to r4.
wq_push:
        lbu   r2, r0, 0
        move  r3, id
        jeq   r2, 255, 1f
        lbu   r4, r2, __WAIT_QUEUE__
        sb    r2, __WAIT_QUEUE__, r3
        sb    r3, __WAIT_QUEUE__, r4
        jump  2f
1:      sb    r3, __WAIT_QUEUE__, r3
2:      sb    r0, 0, r3
        jump  r7

barrier_wait:                           ; r0 = structure
        lbu   r1, r0, 3
        acquire r1, 0, nz, .
        lbu   r5, r0, 1
        jeq   r5, 1, 2f
        call  r7, wq_push
        sub   r5, r5, 1
        sb    r0, 1, r5
        release r1, 0, nz, 1f
1:      stop  true, 5f
2:      lbu   r2, r0, 0
        jeq   r2, 255, 4f
        lbu   r3, r2, __WAIT_QUEUE__
3:      move  r6, r3                    ; once awake it may wait elsewhere: read its next first
        lbu   r3, r3, __WAIT_QUEUE__
        resume r6, 0, nz, .
        jneq  r6, r2, 3b
4:      sb    r0, 0, 255
        lbu   r5, r0, 2
        sb    r0, 1, r5
        release r1, 0, nz, 5f
5:      jump  r23

sem_take:                               ; r0 = structure, its count is signed
        lbu   r1, r0, 3
        acquire r1, 0, nz, .
        lbs   r5, r0, 1
        sub   r5, r5, 1
        sb    r0, 1, r5
        jges  r5, 0, 2f
        call  r7, wq_push
        release r1, 0, nz, 1f
1:      stop  true, 3f
2:      release r1, 0, nz, 3f
3:      jump  r23

sem_give:
        lbu   r1, r0, 3
        acquire r1, 0, nz, .
        lbs   r5, r0, 1
        add   r5, r5, 1
        sb    r0, 1, r5
        jgts  r5, 0, 3f
        lbu   r2, r0, 0
        lbu   r3, r2, __WAIT_QUEUE__
        jeq   r3, r2, 1f
        lbu   r4, r3, __WAIT_QUEUE__
        sb    r2, __WAIT_QUEUE__, r4
        jump  2f
1:      sb    r0, 0, 255
2:      resume r3, 0, nz, .
3:      release r1, 0, nz, 4f
4:      jump  r23

handshake_wait_for:                     ; r0 = the tasklet to wait for
        acquire zero, 2, nz, .
        lbu   r1, r0, __HANDSHAKE__
        move  r2, id
        jeq   r1, 255, 1f
        move  r3, 255
        sb    r0, __HANDSHAKE__, r3
        resume r0, 0, nz, .
        release zero, 2, nz, 3f
1:      sb    r0, __HANDSHAKE__, r2
        release zero, 2, nz, 2f
2:      stop  true, 3f
3:      jump  r23

handshake_notify:
        move  r0, id
        acquire zero, 2, nz, .
        lbu   r1, r0, __HANDSHAKE__
        jeq   r1, 255, 1f
        move  r3, 255
        sb    r0, __HANDSHAKE__, r3
        resume r1, 0, nz, .
        release zero, 2, nz, 3f
1:      sb    r0, __HANDSHAKE__, r0
        release zero, 2, nz, 2f
2:      stop  true, 3f
3:      jump  r23

mem_reset:
        acquire zero, 0, nz, .
        sw    zero, __sys_heap, 0
        release zero, 0, nz, 1f
1:      jump  r23
mem_alloc:                              ; r0 bytes; result r0: WRAM address, multiple of 8
        acquire zero, 0, nz, .
        lw    r1, zero, __sys_heap
        add   r2, r1, 7
        and   r2, r2, -8
        add   r1, r2, r0
        move  r3, __heap_bytes
        jgtu  r1, r3, 2f
        sw    zero, __sys_heap, r1
        release zero, 0, nz, 1f
1:      move  r1, __sys_heap_begin
        add   r0, r2, r1
        jump  r23
2:      fault 2

perfcounter_config:                     ; r0 = configuration word
        time_cfg r0, r0
        jump  r23
perfcounter_get:                        ; result d0
        time  r1
        lsr   r0, r1, 28
        lsl   r1, r1, 4
        jump  r23

; Appends the 16 bytes at r0 to the print buffer in MRAM.
print_line:
        acquire zero, 1, nz, .
        lw    r1, zero, __stdout_used
        move  r2, __stdout_buffer
        add   r2, r2, r1
        sdma  r0, r2, 1
        add   r1, r1, 16
        sw    zero, __stdout_used, r1
        release zero, 1, nz, 1f
1:      jump  r23

        .section .data, "aw"
        .balign 8
__WAIT_QUEUE__: .space 24, 255
__HANDSHAKE__: .space 24, 255
__stdout_used: .word 0
        .bss
        .balign 8
        .equ  __heap_bytes, 8192
__sys_heap_begin: .space __heap_bytes
        .section .mram.noinit, "aw"
        .balign 8
        .globl __stdout_buffer
__stdout_buffer: .space 4096
