; All services of the run-time at once, in the shape of unoptimised compiled code: values live in the
; stack frame. Tasklet t sums blocks t, t + N, ... of the input, adds the sum to `total` under a
; mutex, passes through a section open to two at a time, forms the running sum by handshakes from
; neighbour to neighbour, meets the others at a barrier and prints a line. ROUNDS blocks each.
        .include "crt0.s"
        .include "sync.s"
        .section .text.main, "ax"
        .globl main
        .type main, @function
main:   sd    r22, 56, d22              ; frame of 64 bytes
        add   r22, r22, 64
        jnz   id, 1f
        call  r23, mem_reset
        move  r0, 3                     ; count cycles, reset
        call  r23, perfcounter_config
1:      move  r0, start_barrier
        call  r23, barrier_wait
        move  r0, 128
        call  r23, mem_alloc
        sw    r22, -64, r0              ; buffer
        sw    r22, -60, 0               ; round
        sw    r22, -56, 0               ; sum
round:  lw    r0, r22, -60              ; block = round * N + id
        move  r1, NTASKLETS
        call  r23, times
        add   r0, id, r0
        lsl   r0, r0, 7
        move  r1, input
        add   r1, r1, r0
        lw    r0, r22, -64
        ldma  r0, r1, 15
        sw    r22, -52, 0               ; index
each:   lw    r0, r22, -52
        lw    r1, r22, -64
        lsl_add r1, r1, r0, 2
        lw    r1, r1, 0
        lw    r2, r22, -56
        add   r2, r2, r1
        sw    r22, -56, r2
        lw    r0, r22, -52
        add   r0, r0, 1
        sw    r22, -52, r0
        jltu  r0, 32, each
        lw    r0, r22, -60
        add   r0, r0, 1
        sw    r22, -60, r0
        jltu  r0, ROUNDS, round

        move  r0, total_lock
        call  r23, mutex_lock
        lw    r1, zero, total
        lw    r2, r22, -56
        add   r1, r1, r2
        sw    zero, total, r1
        call  r23, mutex_unlock

        move  r0, two_inside
        call  r23, sem_take
        move  r0, count_lock
        call  r23, mutex_lock
        lw    r1, zero, inside
        add   r1, r1, 1
        sw    zero, inside, r1
        lw    r2, zero, most_inside
        jleu  r1, r2, 2f
        sw    zero, most_inside, r1
2:      call  r23, mutex_unlock
        lsl   r3, id, 3
        add   r3, r3, 1
3:      sub   r3, r3, 1, nz, 3b         ; takes a different time in every tasklet
        call  r23, mutex_lock
        lw    r1, zero, inside
        sub   r1, r1, 1
        sw    zero, inside, r1
        call  r23, mutex_unlock
        move  r0, two_inside
        call  r23, sem_give

        lw    r6, r22, -56
        jz    id, 4f
        sub   r0, id, 1
        call  r23, handshake_wait_for
        lw    r1, id4, running - 4
        lw    r6, r22, -56
        add   r6, r6, r1
4:      sw    id4, running, r6
        jeq   id, NTASKLETS - 1, 5f
        call  r23, handshake_notify
5:      move  r0, start_barrier
        call  r23, barrier_wait

        lw    r0, r22, -64              ; "t", number, 0, 0, sum, running sum, "end\n"
        move  r1, 0x74
        sb    r0, 0, r1
        move  r2, id
        sb    r0, 1, r2
        sh    r0, 2, 0
        lw    r1, r22, -56
        sw    r0, 4, r1
        lw    r1, id4, running
        sw    r0, 8, r1
        move  r1, 0x0a646e65
        sw    r0, 12, r1
        call  r23, print_line
        jnz   id, 6f
        call  r23, perfcounter_get
        sd    zero, cycles, d0
6:      ld    d22, r22, -8
        sub   r22, r22, 64
        jump  r23

; r0 = r0 * r1 by repeated addition, in a frame of its own.
times:  sd    r22, 8, d22
        add   r22, r22, 16
        move  r2, 0
        jz    r1, 8f
7:      add   r2, r2, r0
        sub   r1, r1, 1, nz, 7b
8:      move  r0, r2
        ld    d22, r22, -8
        jump  r23

        .section .atomic, "aw"
total_lock: .byte 0
count_lock: .byte 0
        .section .data.__sys_host, "aw"
        .balign 8
        .globl total, running, cycles, most_inside
cycles: .quad 0
total:  .word 0
most_inside: .word 0
inside: .word 0
running: .space 4 * NTASKLETS
start_barrier: .byte 255, NTASKLETS, NTASKLETS, 3
two_inside: .byte 255, 2, 2, 4
        .section .mram, "aw"
        .balign 8
        .globl input
input:  .space 128 * NTASKLETS * ROUNDS
