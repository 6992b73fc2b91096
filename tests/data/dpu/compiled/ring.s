; Makers and takers at a ring of four places: two semaphores count free and full places, a mutex holds
; the ring. Half of the tasklets make args items each, the other half takes as many; 64-bit sum and
; count of what was taken are left in `result`.
        .include "../prim/start.s"
        .globl kernel
kernel: sd    r22, 16, d22
        sd    r22, 0, d18
        sd    r22, 8, d20
        add   r22, r22, 24
        move  r18, r16
        jgeu  id, NTASKLETS / 2 * 2, .Lreturn
        jz    r16, .Lreturn
        and   zero, id, 1, nz, .Ltake
.Lmake: move  r0, free_places
        call  r23, sem_take
        move  r0, ring_lock
        call  r23, mutex_lock
        lw    r0, zero, ring_in
        add   r1, r0, 1
        and   r1, r1, 3
        sw    zero, ring_in, r1
        lsl   r0, r0, 2
        lsl   r1, r18, 8
        add   r1, id, r1
        sw    r0, ring, r1
        move  r0, ring_lock
        call  r23, mutex_unlock
        move  r0, full_places
        call  r23, sem_give
        sub   r18, r18, 1, nz, .Lmake
        jump  .Lreturn
.Ltake: move  r0, full_places
        call  r23, sem_take
        move  r0, ring_lock
        call  r23, mutex_lock
        lw    r0, zero, ring_out
        add   r1, r0, 1
        and   r1, r1, 3
        sw    zero, ring_out, r1
        lsl   r0, r0, 2
        lw    r1, r0, ring
        move  r0, 0
        ld    d2, zero, result
        add   r3, r3, r1
        addc  r2, r2, r0
        sd    zero, result, d2
        lw    r2, zero, result + 8
        add   r2, r2, 1
        sw    zero, result + 8, r2
        move  r0, ring_lock
        call  r23, mutex_unlock
        move  r0, free_places
        call  r23, sem_give
        sub   r18, r18, 1, nz, .Ltake
.Lreturn:
        ld    d18, r22, -24
        ld    d20, r22, -16
        ld    d22, r22, -8
        jump  r23
        .section .atomic.ring, "aw"
        .equ  ring_lock, 24
        .equ  free_lock, 25
        .equ  full_lock, 26
        .space 8
        .section .data.ring, "aw"
        .balign 8
        .globl result
result: .quad 0, 0
ring:   .word 0, 0, 0, 0
ring_in: .word 0
ring_out: .word 0
free_places: .byte 255, 4, 4, free_lock
full_places: .byte 255, 0, 0, full_lock
